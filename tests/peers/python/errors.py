"""Reads the details of refusals: python3 tests/peers/python/errors.py HOST:PORT

It knows google.rpc from its packages, and the school's own detail from enrol.proto.
"""

import sys
import textwrap

from workbook import fail, grpc, load

from google.rpc import error_details_pb2
from grpc_status import rpc_status

enrol_pb2, enrol_pb2_grpc = load("enrol.proto")

# The details that this client knows.
KNOWN = [error_details_pb2.ErrorInfo, error_details_pb2.PreconditionFailure, enrol_pb2.CourseChanged]


def say(line, indent=""):
    """Prints a line, folded if it is long."""
    line = " ".join(line.split())
    print(textwrap.fill(line, 88, initial_indent=indent, subsequent_indent=indent + "    ", break_on_hyphens=False))


# ANCHOR: show
def show(detail):
    """Prints a detail: a message in an Any, which says of which type it is."""
    for known in KNOWN:
        message = known()
        if detail.Unpack(message):
            say(f"{known.DESCRIPTOR.name}: {message}", "  ")
            return
    say(detail.type_url, "  ")
# ANCHOR_END: show


def refused(stub, what, request, metadata=()):
    """Makes a call that is refused, and prints the code and the details."""
    try:
        stub.Enrol(request, metadata=metadata, timeout=5)
        sys.exit(f"Error: {what}: it was not refused")
    except grpc.RpcError as error:
        if error.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
            fail(what, error)
        say(f"{what}: {error.code().name}: {error.details()}")
        # ANCHOR: read
        try:
            status = rpc_status.from_call(error)
        except Exception as why:  # Each kind of bad details has an exception of its own.
            print(f"  rpc_status raises {type(why).__name__}")
            return
        if status is None:
            print("  no details")
            return
        for detail in status.details:
            show(detail)
        # ANCHOR_END: read


def connect():
    """A channel with a connection of its own. Channels to one address would share one."""
    return grpc.insecure_channel(sys.argv[1], options=[("grpc.use_local_subchannel_pool", 1)])


student = enrol_pb2.Student(id="s-7", email="s-7@example.org")
closed = enrol_pb2.EnrolRequest(course_id="beijing-php", student=student)
outdated = enrol_pb2.EnrolRequest(course_id="wuhan-java", student=student, if_revision=99)

with connect() as channel:
    stub = enrol_pb2_grpc.EnrolServiceStub(channel)
    refused(stub, "closed", closed)
    refused(stub, "outdated", outdated)
for fault in ["not-a-status", "two-codes", "proxy-html", "proxy-empty", "not-base64"]:
    with connect() as channel:
        stub = enrol_pb2_grpc.EnrolServiceStub(channel)
        refused(stub, fault, closed, [("fault", fault)])
        if fault == "not-base64":
            refused(stub, "closed, on the same connection", closed)
