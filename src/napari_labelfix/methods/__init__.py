"""The methods: one folder each, one row each in `table`."""
