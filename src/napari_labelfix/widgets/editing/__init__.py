"""Tools and buttons that change objects, one step of the history each."""
