"""Networks: thin layers over well-kept libraries, and one compact encoder of our own."""
