"""From what is proposed to what is the person's, and what is rejected."""
