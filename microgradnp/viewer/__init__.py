"""The graph as one offline page: values, gradients, the backward pass step by step."""
