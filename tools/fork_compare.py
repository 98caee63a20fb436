# SPDX-License-Identifier: MIT
# What `rheap fork --compare' runs in Python: the same live set, and a child for
# each step.  What is said on standard output, and what is answered, stands in
# tools/fork_peer.h.
#
#     python3 fork_compare.py plain|frozen OBJECTS HOLES STEPS

import gc
import math
import os
import random
import sys
import time


class Loaded:
    __slots__ = ("number", "a", "b")

    def __init__(self, number):
        self.number = number


# The kinds of objects that tools/fork_live.c makes.
def make(number):
    kind = number % 3
    if kind == 0:
        return chr(97 + number % 26) * (100 if number % 30 == 0 else 20)
    return Loaded(number) if kind == 1 else [number, None]


def drop(live, share):
    dropped = 0
    for i in range(len(live)):
        if dropped < (i + 1) * share:
            live[i] = None
            dropped += 1


def tell(*words):
    os.write(1, (" ".join(map(str, words)) + "\n").encode())
    if os.read(0, 3) != b"go\n":
        os._exit(1)


# Strings are immutable here: the next object that is not has the store.
def mutate(live, percent):
    stored = 0
    for i, item in enumerate(live):
        if stored < (i + 1) * percent / 100:
            if isinstance(item, Loaded):
                item.number = -1
                stored += 1
            elif isinstance(item, list):
                item[0] = -1
                stored += 1
    return stored * 8


def moments(count):
    found = {count}
    power = 1
    while power <= count:
        found.update(n * power for n in (1, 2, 5) if n * power < count)
        power *= 10
    return found


def serve(live, step, count):
    recent = [None] * 1000
    stops = moments(count)
    draw = random.Random(1)
    tell("sample", step, os.getpid(), 0)
    for i in range(count):
        for _ in range(100):
            type(live[draw.randrange(len(live))])
        for n in range(100):
            own = make(i * 100 + n)
        recent[i % 1000] = own
        if (i + 1) * 5 // count > i * 5 // count:
            gc.collect()
        if i + 1 in stops:
            tell("sample", step, os.getpid(), i + 1)
    return count * 100 * 40


# Answers the bytes that it stored into objects.
def act(live, step):
    name, _, operand = step.partition(":")
    if name == "read":
        for item in live:
            type(item)
    elif name == "minor":
        gc.collect(0)
    elif name == "full":
        gc.collect()
    elif name == "allocate":
        gc.disable()
        kept = None
        for i in range(math.ceil(int(operand) / 3)):
            kept = [kept, "made by child %d" % i, Loaded(i)]
        act.kept = kept
        return int(operand) * 40
    elif name == "mutate":
        return mutate(live, float(operand))
    elif name == "serve":
        return serve(live, step, int(operand))
    return 0


def run(live, step):
    reader, writer = os.pipe()
    start = time.perf_counter()
    try:
        pid = os.fork()
    except OSError as error:
        os.write(1, f"error {step} fork failed: {error}\n".encode())
        return
    if pid == 0:
        us = os.read(reader, 64).decode()
        written = act(live, step)
        tell("step", step, os.getpid(), us, written)
        os._exit(0)
    took = time.perf_counter() - start
    os.write(writer, f"{took * 1e6:.1f}".encode())
    _, status = os.waitpid(pid, 0)
    os.close(reader)
    os.close(writer)
    if status:
        os.write(1, f"error {step} the child ended: {status}\n".encode())


def main():
    preparation, count, holes, steps = sys.argv[1:]
    os.write(1, f"version {sys.version.split()[0]}\n".encode())
    gc.disable()
    live = [make(i) for i in range(int(count))]
    drop(live, float(holes) / 100)
    gc.enable()
    gc.collect()
    if preparation == "frozen":
        gc.freeze()
    for step in steps.split(","):
        run(live, step)


main()
