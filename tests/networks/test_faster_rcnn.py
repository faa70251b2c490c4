import numpy as np
import pytest
import torch
from torchvision.models import ResNet50_Weights
from torchvision.models.detection import FasterRCNN_ResNet50_FPN_Weights, fasterrcnn_resnet50_fpn
from torchvision.models.resnet import resnet50

from napari_labelfix.data.label_images import boxes_of_labels
from napari_labelfix.errors import InputError, ModelError
from napari_labelfix.methods.sissi.pages import page_image, scale_of, typical_side
from napari_labelfix.metrics.boxes import box_scores
from napari_labelfix.networks.faster_rcnn import (
    DETECTOR,
    RESNET50,
    SIZES,
    build_detector,
    detect,
    detection_loss,
    load_detector,
    start_detector,
    swap,
)
from napari_labelfix.networks.unet import NetworkSpec, save_weights
from napari_labelfix.sample_data.synthetic import fluorescence


@pytest.fixture(scope="module")
def compact():
    torch.manual_seed(0)
    return build_detector(NetworkSpec("microscopy", 1, 2))


def test_boxes_come_with_rows_first():
    """A wide cell must come back wide, in the row where it is."""
    image, labels = fluorescence(3, (128, 160))
    truth = boxes_of_labels(labels)
    scale = scale_of(typical_side(truth), SIZES["microscopy"])
    network = start_detector(NetworkSpec("microscopy", 1, 2), pretrained=True).network
    (found,) = detect(network, [page_image(image, scale, torch.device("cpu"))])
    corners = found.corners.numpy() / scale
    assert box_scores([(corners, found.scores.numpy())], [truth]).ap50 > 0.8
    turned = box_scores([(swap(torch.from_numpy(corners)).numpy(), found.scores.numpy())], [truth])
    assert turned.ap50 < 0.3


def test_the_loss_is_a_number_with_boxes_and_without(compact):
    compact.train()
    loss = detection_loss(compact, torch.rand(2, 1, 64, 64), [torch.tensor([[5.0, 5, 30, 40]]), torch.zeros(0, 4)])
    loss.backward()
    assert torch.isfinite(loss)
    assert all(torch.isfinite(p.grad).all() for p in compact.parameters() if p.grad is not None)


def test_where_nothing_is_proposed_and_there_are_no_boxes_only_proposing_is_learned(compact, monkeypatch):
    """Torchvision classifies nothing then, takes the mean, and gets no number."""
    monkeypatch.setattr(compact.rpn, "score_thresh", 1.0)
    compact.train().zero_grad()
    loss = detection_loss(compact, torch.rand(2, 1, 64, 64), [torch.zeros(0, 4)] * 2)
    loss.backward()
    assert torch.isfinite(loss)
    assert loss > 0
    assert all(torch.isfinite(p.grad).all() for p in compact.parameters() if p.grad is not None)
    with_box = detection_loss(compact, torch.rand(2, 1, 64, 64), [torch.tensor([[5.0, 5, 30, 40]]), torch.zeros(0, 4)])
    assert torch.isfinite(with_box), "a given box is classified, whatever is proposed"


def test_a_loss_that_is_no_number_is_not_hidden(compact):
    compact.train()
    assert detection_loss(compact, torch.full((1, 1, 64, 64), torch.nan), [torch.zeros(0, 4)]).isnan()


def test_all_cells_of_a_dense_culture_are_found():
    y, x = np.indices((512, 512))
    image = (np.hypot(y % 18 - 9, x % 18 - 9) < 7.5) * np.float32(0.8)
    network = start_detector(NetworkSpec("microscopy", 1, 2), pretrained=True).network
    (found,) = detect(network, [torch.from_numpy(image)[None]])
    assert len(found.scores) > 0.9 * (512 // 18) ** 2


def test_images_may_differ_in_size_and_keep_theirs(compact):
    found = detect(compact, [torch.rand(1, 50, 90), torch.rand(1, 130, 70)])
    for one, (height, width) in zip(found, [(50, 90), (130, 70)], strict=True):
        assert one.corners.shape == (len(one.scores), 4)
        assert (one.corners <= torch.tensor([height, width, height, width])).all()


@pytest.mark.parametrize("channels", [1, 3, 5])
def test_the_compact_one_starts_from_shipped_weights(channels):
    start = start_detector(NetworkSpec("microscopy", channels, 2), pretrained=True)
    assert start.all_trained
    assert start.sentence == "Started from the detector weights of the package."
    detect(start.network, [torch.rand(channels, 40, 50)])


def test_weights_come_back_and_others_do_not_fit(compact):
    again = load_detector(NetworkSpec("microscopy", 1, 2), save_weights(compact))
    image = torch.rand(1, 64, 64)
    (one,), (other,) = detect(again, [image]), detect(compact, [image])
    assert torch.equal(one.corners, other.corners)
    with pytest.raises(ModelError, match="Train the model again"):
        load_detector(DETECTOR, save_weights(compact))


def test_without_pretrained_it_starts_from_scratch():
    start = start_detector(NetworkSpec("microscopy", 1, 2), pretrained=False)
    assert start.sentence == "Training starts from scratch."
    assert not start.all_trained


def test_an_unknown_detector_is_refused():
    for pretrained in (True, False):
        with pytest.raises(InputError, match=r"There is no detector 'vgg'\. Choose microscopy or resnet50"):
            start_detector(NetworkSpec("vgg", 1, 2), pretrained)


def untrained():
    return fasterrcnn_resnet50_fpn(weights=None, weights_backbone=None)


class TestResnet50:
    """Its weights come from files in the place of the hub's, as on a machine where they were downloaded before."""

    @pytest.fixture
    def hub(self, tmp_path, monkeypatch):
        monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))

        def unreachable(*_args, **_kwargs):
            raise OSError("no network")

        monkeypatch.setattr(torch.hub, "download_url_to_file", unreachable)
        (tmp_path / "checkpoints").mkdir()
        return tmp_path / "checkpoints"

    def put(self, hub, url, network):
        torch.manual_seed(1)
        torch.save(network.state_dict(), hub / url.rsplit("/", 1)[1])
        return network

    @pytest.mark.parametrize("channels", [1, 3])
    def test_it_starts_from_coco_where_that_is_there(self, hub, channels):
        coco = self.put(hub, FasterRCNN_ResNet50_FPN_Weights.COCO_V1.url, untrained())
        start = start_detector(NetworkSpec(RESNET50, channels, 2), pretrained=True)
        assert start.sentence == "Started from COCO weights for resnet50."
        told, theirs = (net.backbone.fpn.layer_blocks[0][0].weight for net in (start.network, coco))
        assert torch.equal(told, theirs)
        assert all(parameter.requires_grad for parameter in start.network.parameters()), "no layer is frozen"
        detect(start.network, [torch.rand(channels, 64, 64)])

    def test_else_from_imagenet_and_it_says_so(self, hub):
        imagenet = self.put(hub, ResNet50_Weights.IMAGENET1K_V1.url, resnet50())
        start = start_detector(NetworkSpec(RESNET50, 3, 2), pretrained=True)
        assert start.sentence.startswith("Started from ImageNet weights for resnet50 (COCO weights could not be loaded")
        assert torch.equal(start.network.backbone.body.layer1[0].conv1.weight, imagenet.layer1[0].conv1.weight)

    def test_else_from_scratch_and_it_says_so(self, hub):
        start = start_detector(NetworkSpec(RESNET50, 3, 2), pretrained=True)
        assert start.sentence.startswith("Training of resnet50 starts from scratch (COCO weights could not be loaded")
        assert "OSError" in start.sentence

    def test_its_weights_come_back(self, hub):
        self.put(hub, FasterRCNN_ResNet50_FPN_Weights.COCO_V1.url, untrained())
        spec = NetworkSpec(RESNET50, 3, 2)
        network = start_detector(spec, pretrained=True).network
        again = load_detector(spec, save_weights(network))
        image = torch.rand(3, 64, 64)
        (one,), (other,) = detect(again, [image]), detect(network, [image])
        assert one.corners.numpy() == pytest.approx(other.corners.numpy(), abs=1e-3)

    def test_a_file_that_would_run_code_is_not_loaded(self, hub):
        class Trap:
            def __reduce__(self):
                return (hub.joinpath("sprung").touch, ())

        torch.save({"a": Trap()}, hub / FasterRCNN_ResNet50_FPN_Weights.COCO_V1.url.rsplit("/", 1)[1])
        start = start_detector(NetworkSpec(RESNET50, 3, 2), pretrained=True)
        assert "COCO weights could not be loaded: UnpicklingError" in start.sentence
        assert not (hub / "sprung").exists()


def test_swapping_twice_changes_nothing():
    boxes = torch.from_numpy(np.arange(8.0).reshape(2, 4))
    assert swap(boxes).tolist() == [[1, 0, 3, 2], [5, 4, 7, 6]]
    assert torch.equal(swap(swap(boxes)), boxes)


def test_boxes_are_as_exact_where_the_network_computes_with_16_bits():
    image, labels = fluorescence(50, (500, 500))
    scale = scale_of(typical_side(boxes_of_labels(labels)), 24.0)
    network = start_detector(NetworkSpec("microscopy", 1, 2), pretrained=True).network
    with torch.autocast("cpu", torch.bfloat16):
        (found,) = detect(network, [page_image(image, scale, torch.device("cpu"))])
    far = found.corners[found.corners > 256]
    assert len(far) > 20
    assert (far != far.round()).float().mean() > 0.9  # bfloat16 has even numbers only, beyond 256
