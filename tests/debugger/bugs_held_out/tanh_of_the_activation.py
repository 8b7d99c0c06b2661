"""Predicting house prices, one house at a time; training stalls when the hidden layer is wide."""

import numpy as np


def dtanh(v):
    return 1 - np.tanh(v) ** 2


class PriceNet:
    def __init__(self, w_room, w_mid, w_price):
        self.w_room = w_room
        self.w_mid = w_mid
        self.w_price = w_price

    def predict(self, house):
        self.house = house
        self.first = np.tanh(self.w_room.dot(house))
        self.second = np.tanh(self.w_mid.dot(self.first))
        return self.w_price.dot(self.second)

    def correct(self, price, rate):
        miss = self.w_price.dot(self.second) - price
        blame_second = self.w_price * miss * dtanh(self.second)
        blame_first = self.w_mid.T.dot(blame_second) * dtanh(self.first)
        self.w_price = self.w_price - rate * miss * self.second
        self.w_mid = self.w_mid - rate * np.outer(blame_second, self.first)
        self.w_room = self.w_room - rate * np.outer(blame_first, self.house)


def train(net, houses, prices, rate=0.05, seasons=3):
    for season in range(seasons):
        for house, price in zip(houses, prices):
            net.predict(house)
            net.correct(price, rate)


def loss(house, price, w_room, w_mid, w_price):
    return 0.5 * (np.sum(w_price * np.tanh(w_mid @ np.tanh(w_room @ house))) - price) ** 2


def make(rng):
    net = PriceNet(rng.normal(size=(5, 3)), rng.normal(size=(4, 5)), rng.normal(size=4))
    return (net, rng.normal(size=(4, 3)), rng.normal(size=4)), {}


TRUTH = {
    "lines": [
        "return 1 - np.tanh(v) ** 2",
        "blame_second = self.w_price * miss * dtanh(self.second)",
        "blame_first = self.w_mid.T.dot(blame_second) * dtanh(self.first)",
    ],
    "cause": {"derivative_of_activated_value"},
    "wrong": {"w_room", "w_mid"},
    "fixed": ("return 1 - np.tanh(v) ** 2", "return 1 - v ** 2"),
}
PROOF = {
    "with": {"houses": "houses[:1]", "seasons": 1},
    "at": {"house": "houses[0]", "price": "prices[0]", **{w: "net." + w for w in ("w_room", "w_mid", "w_price")}},
    "after": "w_room w_mid w_price",
}
