"""What the clients and servers here share: the packages, and the code generated from the .proto files.

The packages are installed beside this file. The code is generated each time a program starts, so no
generated file is kept.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PROTOS = os.path.join(HERE, "..", "..", "..", "protos")
# grpcio finds both through Python's path: its own packages, and the .proto files to generate code from.
sys.path[:0] = [os.path.join(HERE, "packages"), PROTOS]

import grpc  # noqa: E402


def load(file):
    """Returns two modules for a file below protos/: its messages, and its services.

    One process cannot load both files of the package `example`: all definitions go into one pool,
    and that has room for one `example.request`.
    """
    return grpc.protos_and_services(file)


# How long a call may take that has no deadline of its own, in seconds.
DEADLINE = 10


class Deadline(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):
    """Gives a deadline to each call that has none: a server that never answers would hang the client."""

    def intercept(self, continuation, details, request):
        if details.timeout is None:
            details = details._replace(timeout=DEADLINE)
        return continuation(details, request)

    intercept_unary_unary = intercept_unary_stream = intercept
    intercept_stream_unary = intercept_stream_stream = intercept


def connect(server):
    """A channel to a server. Each call on it has a deadline."""
    return grpc.intercept_channel(grpc.insecure_channel(server), Deadline())


def fail(call, error):
    """Ends the program, with 1: this call failed, and was not meant to."""
    details = " ".join((error.details() or "without a message").split())
    sys.exit(f"Error: {call}: {error.code().name}: {details}")


# The file that defines each service of the notes.
FILES = {
    "greeter": "hello.proto",
    "test": "notes/test.proto",
    "user-info": "notes/user_info.proto",
    "stream-test": "notes_stream_test/stream_test.proto",
    "demo": "notes/demo.proto",
}
