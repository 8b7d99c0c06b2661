"""The graph as one offline page: values, gradients, and the backward pass step by step."""
