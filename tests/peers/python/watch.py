"""Watches the health of a service: python3 tests/peers/python/watch.py HOST:PORT SERVICE [SECONDS]

With SECONDS it leaves the call so long after the first state. It has no .proto: it gets the definition of the
health service from the server, by reflection.
"""

import sys
import threading

from workbook import fail, grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

address, service = sys.argv[1:3]
seconds = float(sys.argv[3]) if len(sys.argv) > 3 else None


def watch(channel):
    """Starts the call. Returns it, and the names of the states by their numbers."""
    pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
    method = pool.FindServiceByName("grpc.health.v1.Health").FindMethodByName("Watch")
    Request, Response = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
    start = channel.unary_stream(
        "/grpc.health.v1.Health/Watch",
        request_serializer=Request.SerializeToString,
        response_deserializer=Response.FromString,
    )
    return start(Request(service=service)), Response.DESCRIPTOR.enum_types_by_name["ServingStatus"].values_by_number


with grpc.insecure_channel(address) as channel:
    leaving = threading.Event()
    try:
        call, states = watch(channel)

        def leave():
            leaving.set()
            call.cancel()

        for response in call:
            print(f"{service}: {states[response.status].name}", flush=True)
            if seconds is not None:
                timer = threading.Timer(seconds, leave)
                timer.daemon = True
                timer.start()
                seconds = None
        print(f"{service}: the server has ended the call")
    except KeyError:
        sys.exit("Error: the server does not describe grpc.health.v1.Health")
    except grpc.RpcError as error:
        if not leaving.is_set():
            fail("Watch", error)
        print(f"{service}: still watched after {sys.argv[3]} s")
