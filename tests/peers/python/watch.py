"""Watches the health of a service: python3 tests/peers/python/watch.py HOST:PORT SERVICE [SECONDS]

With SECONDS it leaves the call so long after the first state. It has no .proto: it gets the definition of the
health service from the server, by reflection.
"""

import sys
import threading

from workbook import DEADLINE, connect, fail, grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

address, service = sys.argv[1:3]
seconds = float(sys.argv[3]) if len(sys.argv) > 3 else None


def describe():
    """The messages of Watch: the class of its request, and that of its responses."""
    with connect(address) as channel:
        pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        method = pool.FindServiceByName("grpc.health.v1.Health").FindMethodByName("Watch")
        return GetMessageClass(method.input_type), GetMessageClass(method.output_type)


def watch(channel, Request, Response):
    """Prints each state. Returns whether it was the server that ended the call."""
    start = channel.unary_stream(
        "/grpc.health.v1.Health/Watch",
        request_serializer=Request.SerializeToString,
        response_deserializer=Response.FromString,
    )
    states = Response.DESCRIPTOR.enum_types_by_name["ServingStatus"].values_by_number
    call = start(Request(service=service))
    leaving = threading.Event()

    def leave():
        leaving.set()
        call.cancel()

    # The call has no deadline, since a state may last. But the first one comes at once, or never.
    timer = start_timer(DEADLINE, leave)
    seen = False
    try:
        for response in call:
            print(f"{service}: {states[response.status].name}", flush=True)
            if not seen:
                timer.cancel()
                if seconds is not None:
                    start_timer(seconds, leave)
            seen = True
    except grpc.RpcError as error:
        if not leaving.is_set():
            fail("Watch", error)
        if not seen:
            sys.exit(f"Error: Watch: no state within {DEADLINE} s")
    return not leaving.is_set()


def start_timer(seconds, function):
    timer = threading.Timer(seconds, function)
    timer.daemon = True
    timer.start()
    return timer


with grpc.insecure_channel(address) as channel:
    try:
        if watch(channel, *describe()):
            print(f"{service}: the server has ended the call")
        else:
            print(f"{service}: still watched after {sys.argv[3]} s")
    except KeyError:
        sys.exit("Error: the server does not describe grpc.health.v1.Health")
    except grpc.RpcError as error:
        fail("Watch", error)
