import numpy as np
from scipy.ndimage import gaussian_filter
from skimage.feature import hessian_matrix_eigvals

from napari_labelfix.data import features as features_module
from napari_labelfix.data.features import SIGMAS, features_at, pixel_features

PER_SCALE = 4  # features
IMAGE = np.random.default_rng(0).random((60, 70, 2)).astype(np.float32)


def test_there_are_the_value_and_four_features_per_scale_and_channel():
    assert pixel_features(IMAGE).shape == (60, 70, 2 * (1 + 4 * 4))


def test_the_smoothed_value_agrees_with_scipy():
    features = pixel_features(IMAGE)
    for scale, sigma in enumerate(SIGMAS):
        expected = gaussian_filter(IMAGE[..., 0], sigma, mode="mirror", truncate=5)
        assert np.abs(features[..., 1 + scale * PER_SCALE] - expected).max() < 0.02


def test_hessian_eigenvalues_agree_with_scikit_image():
    smooth = gaussian_filter(IMAGE[..., 0], SIGMAS[2])
    gy, gx = np.gradient(smooth)
    (gyy, gyx), (_, gxx) = np.gradient(gy), np.gradient(gx)
    expected = hessian_matrix_eigvals([gyy, gyx, gxx])
    at = 1 + 2 * PER_SCALE + 2
    found = pixel_features(IMAGE)[..., at : at + 2]
    for eigenvalue in (0, 1):
        correlation = np.corrcoef(found[8:-8, 8:-8, eigenvalue].ravel(), expected[eigenvalue, 8:-8, 8:-8].ravel())
        assert correlation[0, 1] > 0.97


def test_a_plane_smaller_than_the_filters_has_features():
    assert np.isfinite(pixel_features(IMAGE[:3, :2])).all()


def test_at_chosen_pixels_the_features_are_the_same_row_by_row():
    chosen = np.random.default_rng(1).random(IMAGE.shape[:2]) < 0.1
    assert np.array_equal(features_at(IMAGE, chosen), pixel_features(IMAGE)[chosen])
    assert features_at(IMAGE, np.zeros_like(chosen)).shape == (0, pixel_features(IMAGE).shape[2])


def test_an_image_of_many_channels_has_features():
    many = np.concatenate([IMAGE] * 20, axis=-1)
    assert np.array_equal(pixel_features(many), np.concatenate([pixel_features(IMAGE)] * 20, axis=-1))


def test_any_number_of_channels_has_features_also_where_one_plane_of_them_is_left_over():
    channels = 113
    assert channels * (1 + 4 * PER_SCALE) % features_module._MOST_MERGED == 1
    many = np.repeat(IMAGE[..., :1], channels, axis=-1)
    assert np.array_equal(pixel_features(many), np.tile(pixel_features(IMAGE[..., :1]), channels))
