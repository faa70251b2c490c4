"""A run as a person sees it: where it is made, how far it is, how it goes, and what is to be done next."""
