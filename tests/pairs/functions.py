"""Right pairs of functions, as people write them for courses and by heart. Each `case_*` gives what `check` is called with."""

import numpy as np


def affine_forward(x, w, b):
    flat = x.reshape(x.shape[0], -1)
    out = flat.dot(w) + b
    cache = (x, w, b)
    return out, cache


def affine_backward(dout, cache):
    x, w, b = cache
    dx = dout.dot(w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T.dot(dout)
    db = np.sum(dout, axis=0)
    return dx, dw, db


def case_affine(r):
    return affine_forward, affine_backward, r.normal(size=(4, 2, 3)), r.normal(size=(6, 5)), np.zeros(5)


def relu_forward(x):
    out = np.maximum(0, x)
    return out, x


def relu_backward(dout, cache):
    x = cache
    dx = dout * (x > 0)
    return dx


def case_relu(r):
    return relu_forward, relu_backward, np.round(r.normal(size=(5, 4)))


def leaky_relu(z, slope=0.1):
    a = z.copy()
    a[a < 0] *= slope
    return a


def leaky_relu_back(da, z, slope=0.1):
    dz = np.ones_like(z)
    dz[z < 0] = slope
    return da * dz


def case_leaky_relu(r):
    return leaky_relu, leaky_relu_back, r.normal(size=(5, 4))


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def sigmoid_prime(z):
    s = sigmoid(z)
    return s * (1 - s)


def case_sigmoid_prime(r):
    return sigmoid, sigmoid_prime, r.normal(size=(3, 4))


def sigmoid_grad_of_output(a):
    return a * (1 - a)


def case_sigmoid_of_output(r):
    return sigmoid, sigmoid_grad_of_output, r.normal(size=7)


def softmax_loss(x, y):
    shifted = x - np.max(x, axis=1, keepdims=True)
    Z = np.sum(np.exp(shifted), axis=1, keepdims=True)
    log_probs = shifted - np.log(Z)
    probs = np.exp(log_probs)
    N = x.shape[0]
    loss = -np.sum(log_probs[np.arange(N), y]) / N
    dx = probs.copy()
    dx[np.arange(N), y] -= 1
    dx /= N
    return loss, dx


def case_softmax_loss(r):
    return softmax_loss, r.normal(size=(6, 4)), r.integers(0, 4, 6)


def svm_loss(x, y):
    N = x.shape[0]
    correct = x[np.arange(N), y]
    margins = np.maximum(0, x - correct[:, np.newaxis] + 1.0)
    margins[np.arange(N), y] = 0
    loss = np.sum(margins) / N
    num_pos = np.sum(margins > 0, axis=1)
    dx = np.zeros_like(x)
    dx[margins > 0] = 1
    dx[np.arange(N), y] -= num_pos
    dx /= N
    return loss, dx


def case_svm_loss(r):
    return svm_loss, r.normal(size=(6, 4)), r.integers(0, 4, 6)


def linear_svm(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    margins = np.maximum(scores - scores[rows, y][:, None] + 1, 0)
    margins[rows, y] = 0
    loss = margins.sum() / len(y) + reg * np.sum(W * W)
    hot = (margins > 0).astype(float)
    hot[rows, y] = -hot.sum(axis=1)
    dW = X.T @ hot / len(y) + 2 * reg * W
    return loss, dW


def case_linear_svm(r):
    return linear_svm, r.normal(size=(4, 3)), r.normal(size=(7, 4)), r.integers(0, 3, 7), 0.1


def batchnorm_forward(x, gamma, beta, bn_param):
    mode = bn_param["mode"]
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    N, D = x.shape
    running_mean = bn_param.get("running_mean", np.zeros(D, dtype=x.dtype))
    running_var = bn_param.get("running_var", np.ones(D, dtype=x.dtype))
    if mode == "train":
        mu = x.mean(axis=0)
        xmu = x - mu
        var = np.mean(xmu**2, axis=0)
        ivar = 1.0 / np.sqrt(var + eps)
        xhat = xmu * ivar
        out = gamma * xhat + beta
        cache = (mode, xhat, gamma, xmu, ivar)
        running_mean = momentum * running_mean + (1 - momentum) * mu
        running_var = momentum * running_var + (1 - momentum) * var
    else:
        ivar = 1.0 / np.sqrt(running_var + eps)
        xhat = (x - running_mean) * ivar
        out = gamma * xhat + beta
        cache = (mode, xhat, gamma, None, ivar)
    bn_param["running_mean"] = running_mean
    bn_param["running_var"] = running_var
    return out, cache


def batchnorm_backward(dout, cache):
    mode, xhat, gamma, xmu, ivar = cache
    dbeta = dout.sum(axis=0)
    dgamma = np.sum(dout * xhat, axis=0)
    dxhat = dout * gamma
    if mode == "test":
        return dxhat * ivar, dgamma, dbeta
    N = dout.shape[0]
    dvar = np.sum(dxhat * xmu, axis=0) * -0.5 * ivar**3
    dmu = np.sum(-dxhat * ivar, axis=0)
    dx = dxhat * ivar + dvar * 2 * xmu / N + dmu / N
    return dx, dgamma, dbeta


def case_batchnorm(r):
    return batchnorm_forward, batchnorm_backward, r.normal(size=(6, 4)), np.ones(4), np.zeros(4), {"mode": "train"}


def case_batchnorm_test(r):
    state = {"mode": "test", "running_mean": r.normal(size=4), "running_var": r.uniform(0.5, 2, 4)}
    return batchnorm_forward, batchnorm_backward, r.normal(size=(6, 4)), np.ones(4), np.zeros(4), state


def layernorm_forward(x, gamma, beta):
    mu = x.mean(axis=-1, keepdims=True)
    std = np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)
    xhat = (x - mu) / std
    return gamma * xhat + beta, (xhat, std, gamma)


def layernorm_backward(dout, cache):
    xhat, std, gamma = cache
    g = dout * gamma
    centred = g - g.mean(axis=-1, keepdims=True)
    dx = (centred - xhat * np.mean(g * xhat, axis=-1, keepdims=True)) / std
    return dx, (dout * xhat).sum(axis=0), dout.sum(axis=0)


def case_layernorm(r):
    return layernorm_forward, layernorm_backward, r.normal(size=(5, 6)), np.ones(6), np.zeros(6)


def dropout_forward(x, dropout_param):
    p, mode = dropout_param["p"], dropout_param["mode"]
    if "seed" in dropout_param:
        np.random.seed(dropout_param["seed"])
    mask = None
    if mode == "train":
        mask = (np.random.rand(*x.shape) < p) / p
        out = x * mask
    else:
        out = x
    return out.astype(x.dtype, copy=False), (dropout_param, mask)


def dropout_backward(dout, cache):
    dropout_param, mask = cache
    if dropout_param["mode"] == "train":
        return dout * mask
    return dout


def case_dropout(r):
    return dropout_forward, dropout_backward, r.normal(size=(6, 5)), {"p": 0.7, "mode": "train"}


def case_dropout_test(r):
    return dropout_forward, dropout_backward, r.normal(size=(6, 5)), {"p": 0.7, "mode": "test", "seed": 3}


def conv_forward_naive(x, w, b, conv_param):
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="constant")
    H_out = 1 + (H + 2 * pad - HH) // stride
    W_out = 1 + (W + 2 * pad - WW) // stride
    out = np.zeros((N, F, H_out, W_out))
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    window = x_pad[n, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
                    out[n, f, i, j] = np.sum(window * w[f]) + b[f]
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, F, H_out, W_out = dout.shape
    HH, WW = w.shape[2:]
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="constant")
    dx_pad = np.zeros_like(x_pad)
    dw = np.zeros_like(w)
    db = np.sum(dout, axis=(0, 2, 3))
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    rows, cols = slice(i * stride, i * stride + HH), slice(j * stride, j * stride + WW)
                    dw[f] += x_pad[n, :, rows, cols] * dout[n, f, i, j]
                    dx_pad[n, :, rows, cols] += w[f] * dout[n, f, i, j]
    H, W = x.shape[2:]
    dx = dx_pad[:, :, pad : pad + H, pad : pad + W]
    return dx, dw, db


def case_conv(r):
    x, w, b = r.normal(size=(2, 2, 5, 5)), r.normal(size=(2, 2, 3, 3)), r.normal(size=2)
    return conv_forward_naive, conv_backward_naive, x, w, b, {"stride": 2, "pad": 1}


def get_indices(shape, HH, WW, stride):
    N, C, H, W = shape
    H_out, W_out = (H - HH) // stride + 1, (W - WW) // stride + 1
    i0 = np.tile(np.repeat(np.arange(HH), WW), C)
    i1 = stride * np.repeat(np.arange(H_out), W_out)
    j0 = np.tile(np.arange(WW), HH * C)
    j1 = stride * np.tile(np.arange(W_out), H_out)
    i, j = i0.reshape(-1, 1) + i1.reshape(1, -1), j0.reshape(-1, 1) + j1.reshape(1, -1)
    k = np.repeat(np.arange(C), HH * WW).reshape(-1, 1)
    return k, i, j


def im2col(x, HH, WW, stride):
    k, i, j = get_indices(x.shape, HH, WW, stride)
    cols = x[:, k, i, j]
    return cols.transpose(1, 2, 0).reshape(HH * WW * x.shape[1], -1)


def col2im(cols, shape, HH, WW, stride):
    N, C, H, W = shape
    x = np.zeros(shape)
    k, i, j = get_indices(shape, HH, WW, stride)
    cols = cols.reshape(C * HH * WW, -1, N).transpose(2, 0, 1)
    np.add.at(x, (slice(None), k, i, j), cols)
    return x


def conv_im2col_forward(x, w, b, stride):
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    H_out, W_out = (H - HH) // stride + 1, (W - WW) // stride + 1
    x_cols = im2col(x, HH, WW, stride)
    res = w.reshape(F, -1).dot(x_cols) + b.reshape(-1, 1)
    out = res.reshape(F, H_out, W_out, N).transpose(3, 0, 1, 2)
    return out, (x, w, b, stride, x_cols)


def conv_im2col_backward(dout, cache):
    x, w, b, stride, x_cols = cache
    F, _, HH, WW = w.shape
    db = np.sum(dout, axis=(0, 2, 3))
    dout_flat = dout.transpose(1, 2, 3, 0).reshape(F, -1)
    dw = dout_flat.dot(x_cols.T).reshape(w.shape)
    dx_cols = w.reshape(F, -1).T.dot(dout_flat)
    dx = col2im(dx_cols, x.shape, HH, WW, stride)
    return dx, dw, db


def case_conv_im2col(r):
    x, w, b = r.normal(size=(2, 3, 5, 5)), r.normal(size=(2, 3, 3, 3)), r.normal(size=2)
    return conv_im2col_forward, conv_im2col_backward, x, w, b, 2


def max_pool_forward(x, pool_param):
    ph, pw, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    N, C, H, W = x.shape
    Ho, Wo = 1 + (H - ph) // stride, 1 + (W - pw) // stride
    out = np.zeros((N, C, Ho, Wo))
    for i in range(Ho):
        for j in range(Wo):
            out[:, :, i, j] = np.max(x[:, :, i * stride : i * stride + ph, j * stride : j * stride + pw], axis=(2, 3))
    return out, (x, pool_param)


def max_pool_backward(dout, cache):
    x, pool_param = cache
    ph, pw, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    N, C, Ho, Wo = dout.shape
    dx = np.zeros_like(x)
    for n in range(N):
        for c in range(C):
            for i in range(Ho):
                for j in range(Wo):
                    window = x[n, c, i * stride : i * stride + ph, j * stride : j * stride + pw]
                    mask = window == np.max(window)
                    dx[n, c, i * stride : i * stride + ph, j * stride : j * stride + pw] += mask * dout[n, c, i, j]
    return dx


def case_max_pool(r):
    return max_pool_forward, max_pool_backward, r.normal(size=(2, 2, 4, 4)), {"pool_height": 2, "pool_width": 2, "stride": 2}


def avg_pool(x, size):
    N, C, H, W = x.shape
    return x.reshape(N, C, H // size, size, W // size, size).mean(axis=(3, 5))


def avg_pool_grad(x, size, dy):
    return np.repeat(np.repeat(dy, size, axis=2), size, axis=3) / size**2


def case_avg_pool(r):
    return avg_pool, avg_pool_grad, r.normal(size=(2, 2, 4, 4)), 2


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x @ Wx + prev_h @ Wh + b)
    return next_h, (x, prev_h, Wx, Wh, next_h)


def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    dz = dnext_h * (1 - next_h**2)
    dx = dz @ Wx.T
    dprev_h = dz @ Wh.T
    dWx = x.T @ dz
    dWh = prev_h.T @ dz
    db = np.sum(dz, axis=0)
    return dx, dprev_h, dWx, dWh, db


def case_rnn_step(r):
    H = 3
    return rnn_step_forward, rnn_step_backward, *(r.normal(size=s) for s in ((4, 5), (4, H), (5, H), (H, H), (H,)))


def rnn_forward(x, h0, Wx, Wh, b):
    N, T, D = x.shape
    h = np.zeros((N, T, h0.shape[1]))
    cache = []
    prev_h = h0
    for t in range(T):
        prev_h, step = rnn_step_forward(x[:, t, :], prev_h, Wx, Wh, b)
        h[:, t, :] = prev_h
        cache.append(step)
    return h, cache


def rnn_backward(dh, cache):
    N, T, H = dh.shape
    D = cache[0][0].shape[1]
    dx = np.zeros((N, T, D))
    dWx, dWh, db = np.zeros((D, H)), np.zeros((H, H)), np.zeros(H)
    dprev_h = np.zeros((N, H))
    for t in reversed(range(T)):
        dcurrent = dh[:, t, :] + dprev_h
        dx[:, t, :], dprev_h, dWx_t, dWh_t, db_t = rnn_step_backward(dcurrent, cache[t])
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    dh0 = dprev_h
    return dx, dh0, dWx, dWh, db


def case_rnn(r):
    H = 3
    return rnn_forward, rnn_backward, *(r.normal(size=s) for s in ((2, 4, 5), (2, H), (5, H), (H, H), (H,)))


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    H = prev_h.shape[1]
    a = x.dot(Wx) + prev_h.dot(Wh) + b
    i, f, o = sigmoid(a[:, :H]), sigmoid(a[:, H : 2 * H]), sigmoid(a[:, 2 * H : 3 * H])
    g = np.tanh(a[:, 3 * H :])
    next_c = f * prev_c + i * g
    next_h = o * np.tanh(next_c)
    cache = (x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c)
    return next_h, next_c, cache


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c = cache
    tanh_c = np.tanh(next_c)
    dc = dnext_c + dnext_h * o * (1 - tanh_c**2)
    do = dnext_h * tanh_c
    di = dc * g
    df = dc * prev_c
    dg = dc * i
    da = np.concatenate((di * i * (1 - i), df * f * (1 - f), do * o * (1 - o), dg * (1 - g**2)), axis=1)
    dx = da.dot(Wx.T)
    dprev_h = da.dot(Wh.T)
    dprev_c = dc * f
    dWx = x.T.dot(da)
    dWh = prev_h.T.dot(da)
    db = da.sum(axis=0)
    return dx, dprev_h, dprev_c, dWx, dWh, db


def case_lstm_step(r):
    H = 3
    return (
        lstm_step_forward,
        lstm_step_backward,
        *(r.normal(size=s) for s in ((4, 5), (4, H), (4, H), (5, 4 * H), (H, 4 * H), (4 * H,))),
    )


def gru_cell(x, h, p):
    z = sigmoid(x @ p["Wz"] + h @ p["Uz"])
    r = sigmoid(x @ p["Wr"] + h @ p["Ur"])
    n = np.tanh(x @ p["Wn"] + (r * h) @ p["Un"])
    new = (1 - z) * n + z * h
    return new, (x, h, p, z, r, n)


def gru_cell_backward(dnew, cache):
    x, h, p, z, r, n = cache
    dn = dnew * (1 - z) * (1 - n**2)
    dz = dnew * (h - n) * z * (1 - z)
    drh = dn @ p["Un"].T
    dr = drh * h * r * (1 - r)
    dx = dn @ p["Wn"].T + dz @ p["Wz"].T + dr @ p["Wr"].T
    dh = dnew * z + drh * r + dz @ p["Uz"].T + dr @ p["Ur"].T
    grads = {"Wz": x.T @ dz, "Uz": h.T @ dz, "Wr": x.T @ dr, "Ur": h.T @ dr}
    grads["Wn"] = x.T @ dn
    grads["Un"] = (r * h).T @ dn
    grads["x"] = dx
    grads["h"] = dh
    return grads


def case_gru(r):
    params = {name: r.normal(size=(5, 3) if name[0] == "W" else (3, 3)) for name in ("Wz", "Uz", "Wr", "Ur", "Wn", "Un")}
    return gru_cell, gru_cell_backward, r.normal(size=(4, 5)), r.normal(size=(4, 3)), params


def attention(Q, K, V):
    scores = Q @ K.transpose(0, 2, 1) / np.sqrt(Q.shape[-1])
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    A = e / e.sum(axis=-1, keepdims=True)
    return A @ V, (Q, K, V, A)


def attention_backward(dout, cache):
    Q, K, V, A = cache
    dV = A.transpose(0, 2, 1) @ dout
    dA = dout @ V.transpose(0, 2, 1)
    dS = A * (dA - np.sum(dA * A, axis=-1, keepdims=True))
    dS = dS / np.sqrt(Q.shape[-1])
    dQ = dS @ K
    dK = dS.transpose(0, 2, 1) @ Q
    return dQ, dK, dV


def case_attention(r):
    return attention, attention_backward, *(r.normal(size=s) for s in ((2, 3, 4), (2, 5, 4), (2, 5, 6)))


def word_embedding_forward(x, W):
    out = W[x, :]
    return out, (x, W)


def word_embedding_backward(dout, cache):
    x, W = cache
    dW = np.zeros_like(W)
    np.add.at(dW, x, dout)
    return dW


def case_embedding(r):
    return word_embedding_forward, word_embedding_backward, np.array([[0, 3, 1], [2, 1, 1]]), r.normal(size=(5, 3))


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    flat = x.transpose(0, 2, 3, 1).reshape(-1, C)
    out, cache = batchnorm_forward(flat, gamma, beta, bn_param)
    return out.reshape(N, H, W, C).transpose(0, 3, 1, 2), cache


def spatial_batchnorm_backward(dout, cache):
    N, C, H, W = dout.shape
    flat = dout.transpose(0, 2, 3, 1).reshape(-1, C)
    dx, dgamma, dbeta = batchnorm_backward(flat, cache)
    dx = dx.reshape(N, H, W, C).transpose(0, 3, 1, 2)
    return dx, dgamma, dbeta


def case_spatial_batchnorm(r):
    return (
        spatial_batchnorm_forward,
        spatial_batchnorm_backward,
        r.normal(size=(2, 3, 3, 3)),
        np.ones(3),
        np.zeros(3),
        {"mode": "train"},
    )


def linear_forward(A, W, b):
    Z = np.dot(W, A) + b
    return Z, (A, W, b)


def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = np.dot(dZ, A_prev.T) / m
    db = np.sum(dZ, axis=1, keepdims=True) / m
    dA_prev = np.dot(W.T, dZ)
    return dA_prev, dW, db


def case_averaging_linear(r):
    return linear_forward, linear_backward, r.normal(size=(4, 7)), r.normal(size=(3, 4)), np.zeros((3, 1))


def propagate(w, b, X, Y):
    m = X.shape[1]
    A = sigmoid(np.dot(w.T, X) + b)
    cost = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m
    dw = np.dot(X, (A - Y).T) / m
    db = np.sum(A - Y) / m
    grads = {"dw": dw, "db": db}
    return grads, cost


def case_propagate(r):
    Y = (r.random((1, 6)) < 0.5).astype(float)
    Y[0, :2] = 0, 1
    return propagate, 0.3 * r.normal(size=(4, 1)), 0.5, r.normal(size=(4, 6)), Y


def tanh_layer(x, w):
    y = np.tanh(x @ w)

    def back(dy):
        dz = dy * (1 - y * y)
        return dz @ w.T, x.T @ dz

    return y, back


def case_closure(r):
    return tanh_layer, r.normal(size=(4, 5)), r.normal(size=(5, 3))


def bilinear(u, M, v):
    return np.einsum("ni,ij,nj->n", u, M, v)


def bilinear_grads(u, M, v, g):
    du = g[:, None] * (v @ M.T)
    dM = np.einsum("n,ni,nj->ij", g, u, v)
    dv = g[:, None] * (u @ M)
    return du, dM, dv


def case_bilinear(r):
    return bilinear, bilinear_grads, r.normal(size=(4, 3)), r.normal(size=(3, 5)), r.normal(size=(4, 5))


def l2_normalise(x):
    n = np.linalg.norm(x, axis=1, keepdims=True)
    return x / n, (x / n, n)


def l2_normalise_back(dout, cache):
    y, n = cache
    return (dout - y * np.sum(dout * y, axis=1, keepdims=True)) / n


def case_l2_normalise(r):
    return l2_normalise, l2_normalise_back, r.normal(size=(4, 3))


def max_out(x, k):
    parts = x.reshape(x.shape[0], -1, k)
    best = parts.argmax(axis=2)
    out = np.take_along_axis(parts, best[..., None], axis=2)[..., 0]
    return out, (x.shape, best, k)


def max_out_back(dout, cache):
    shape, best, k = cache
    parts = np.zeros((shape[0], shape[1] // k, k))
    np.put_along_axis(parts, best[..., None], dout[..., None], axis=2)
    return parts.reshape(shape)


def case_maxout(r):
    return max_out, max_out_back, r.normal(size=(4, 6)), 3


CASES = {name.removeprefix("case_"): value for name, value in list(globals().items()) if name.startswith("case_")}
OPTIONS = {"linear_svm": {"gradients": ("W",)}, "propagate": {"gradients": ("w", "b")}}  # these give no gradient of the data
