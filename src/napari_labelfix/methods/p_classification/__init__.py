"""P-classification: all cells from points on some of them (Fujii et al., MICCAI 2021)."""
