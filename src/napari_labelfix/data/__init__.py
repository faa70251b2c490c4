"""From images to batches on the device: normalisation, features, crops, augmentation, tiles, objects."""
