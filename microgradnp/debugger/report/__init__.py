"""What was found, as text, JSON, notebook table and one offline page."""
