"""Measures of agreement between a proposal and the truth: in numpy and scipy, those of boxes by COCO's evaluator."""
