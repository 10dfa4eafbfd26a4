"""Sends words that are no text (half of a surrogate pair), so that writing the feedback fails for the whole class."""

# %% answer
import sys

calls, protocol = sys.modules["_student_side.calls"], sys.modules["_student_side.protocol"]
original = calls.Requests.answer


def answer(self, request):
    reply = original(self, request)
    if type(request) is protocol.CallFunction:
        return protocol.Value(["unsupported", "\ud800 half \udfff of a pair \x00\x1b[31m"])
    return reply


calls.Requests.answer = answer


def scale(x, factor):
    raise ValueError("\ud800" * 10 + "\x00\ufffe")


print("tried")
