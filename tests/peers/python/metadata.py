"""What a call brings beside its message: python3 tests/peers/python/metadata.py HOST:PORT [odd]"""

import os
import sys

# Otherwise grpcio prints what it thinks of odd metadata, with the time of day.
os.environ["GRPC_VERBOSITY"] = "NONE"

from workbook import load, fail, grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

enrol_pb2, services = load("enrol.proto")


def show(place, metadata):
    """Prints metadata in the order of their keys. Values under a -bin key are bytes."""
    for key, value in sorted(metadata or ()):
        value = f"{len(value)} bytes" if isinstance(value, bytes) else value
        print(f"  {place}: {key}: {value}")


def enrol(stub, metadata):
    student = enrol_pb2.Student(id="s-1", email="s-1@example.org")
    request = enrol_pb2.EnrolRequest(course_id="beijing-go", student=student)
    try:
        # `call` is what an error is in the other case: it knows the metadata.
        response, call = stub.Enrol.with_call(request, metadata=metadata, timeout=30)
        print(response.ticket.id)
    except grpc.RpcError as error:
        if error.code() != grpc.StatusCode.ALREADY_EXISTS:
            fail("Enrol", error)
        call = error
        print(f"{error.code().name}: {error.details()}")
        text = error_details_pb2.LocalizedMessage()
        for detail in rpc_status.from_call(error).details:
            if detail.Unpack(text):
                print(f"  for the user ({text.locale}): {text.message}")
    show("initial", call.initial_metadata())
    show("trailing", call.trailing_metadata())


def list_courses(stub):
    call = stub.ListCourses(enrol_pb2.ListCoursesRequest(city="beijing"), timeout=30)
    show("initial", call.initial_metadata())
    for response in call:
        print(response.course.id)
    show("trailing", call.trailing_metadata())


def odd(stub):
    """Metadata that cannot be sent, or should not be: each beside a call of its own."""
    for what, key, value in [
        ("a capital letter", "X-Note", "a"),
        ("not ASCII", "x-note", "é"),
        ("a line end", "x-note", "a\nb"),
        ("content-length", "content-length", "3"),
        ("20,000 bytes", "x-note", "x" * 20_000),
        ("100,000 bytes", "x-note", "x" * 100_000),
    ]:
        request = enrol_pb2.GetCourseRequest(course_id="wuhan-c")
        try:
            stub.GetCourse(request, metadata=[(key, value)], timeout=30)
            print(f"{what}: OK")
        except grpc.RpcError as error:
            print(f"{what}: {error.code().name}", end="")
            # What it says of a connection that broke depends on what it noticed first.
            is_broken = error.code() == grpc.StatusCode.UNAVAILABLE
            print("" if is_broken else f": {error.details()}")


with grpc.insecure_channel(sys.argv[1]) as channel:
    stub = services.EnrolServiceStub(channel)
    if "odd" in sys.argv:
        odd(stub)
        sys.exit()
    enrol(stub, [("x-request-id", "python-1"), ("x-note-bin", b"\x00\x01\xff")])
    enrol(stub, [("x-request-id", "python-2"), ("accept-language", "zh-CN, en;q=0.5")])
    list_courses(stub)
