"""Is a hand-written pair right, a forward and a backward function or a layer object, without a loss and without a loop?"""
