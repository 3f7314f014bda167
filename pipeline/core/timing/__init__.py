"""When calls leave: the looks at runs and the pace of starts, both learnt from what was seen."""
