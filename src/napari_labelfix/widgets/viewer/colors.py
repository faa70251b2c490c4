"""Colours that people with any colour vision can tell apart."""

PALETTE = ("#56b4e9", "#e69f00", "#cc79a7", "#009e73", "#f0e442", "#d55e00")  # Okabe & Ito
