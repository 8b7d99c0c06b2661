"""The causes, one function each: its check, its words, its treatment. `table` lists them in causal order."""
