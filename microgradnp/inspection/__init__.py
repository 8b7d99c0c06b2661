"""What a graph tells about itself: names, NaN, kinks, zero gradients, heat maps, snapshots."""
