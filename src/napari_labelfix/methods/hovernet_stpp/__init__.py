"""HoVer-Net + ST++: few labelled images and many without to objects in all."""
