"""The graph as a picture: Graphviz where it is installed, our own SVG everywhere."""
