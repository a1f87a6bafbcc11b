"""What the clients and servers here share: the packages, and the code made from the .proto files.

The packages are installed beside this file, and the code is made when a program starts, so that
nothing generated has to be kept.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PROTOS = os.path.join(HERE, "..", "..", "..", "protos")
sys.path[:0] = [os.path.join(HERE, "packages"), PROTOS]

import grpc  # noqa: E402


def load(file):
    """The messages and the services of a file below protos/.

    The two files of the package `example` cannot both be loaded by one process: its pool of
    definitions has one `example.request`.
    """
    return grpc.protos_and_services(file)


FILES = {
    "greeter": "hello.proto",
    "test": "notes/test.proto",
    "user-info": "notes/user_info.proto",
    "stream-test": "notes_stream_test/stream_test.proto",
    "demo": "notes/demo.proto",
}
