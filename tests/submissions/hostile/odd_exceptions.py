"""Raises exceptions whose text, type or traceback break whoever reports them, and builtins that mean something else."""

# %% answer
import itertools


class Silent(Exception):
    def __str__(self):
        raise SystemExit("passed")

    __repr__ = __str__


class Deep(Exception):
    def __str__(self):
        return str(self)


class Liar(BaseException):
    __class__ = AssertionError
    student_error = None


looped = ValueError("loop")
looped.__cause__ = KeyError("loop")
looped.__cause__.__cause__ = looped
WAYS = itertools.cycle(
    [Silent(), Deep(), Liar(), looped, MemoryError(), RecursionError(), UnicodeDecodeError("x", b"", 0, 1, "y"),
     ExceptionGroup("many", [ValueError("x" * 1000)] * 1000), type("CheckFailed", (Exception,), {})("passed"),
     OSError(10**100, "x"), Warning("passed"), EOFError("passed"), StopAsyncIteration()]
)


def scale(x, factor):
    raise next(WAYS)


print("tried")
