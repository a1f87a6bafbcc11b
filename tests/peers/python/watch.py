"""Watches the health of a service: python3 tests/peers/python/watch.py HOST:PORT SERVICE [SECONDS]

It has no .proto: it gets the definition of the health service from the server, by reflection.
"""

import sys

from workbook import fail, grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

address, service = sys.argv[1:3]
seconds = float(sys.argv[3]) if len(sys.argv) > 3 else None

with grpc.insecure_channel(address) as channel:
    try:
        pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        method = pool.FindServiceByName("grpc.health.v1.Health").FindMethodByName("Watch")
        Request, Response = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
        watch = channel.unary_stream(
            "/grpc.health.v1.Health/Watch",
            request_serializer=Request.SerializeToString,
            response_deserializer=Response.FromString,
        )
        states = Response.DESCRIPTOR.enum_types_by_name["ServingStatus"].values_by_number
        for response in watch(Request(service=service), timeout=seconds):
            print(f"{service}: {states[response.status].name}", flush=True)
        print(f"{service}: the server has ended the call")
    except KeyError:
        sys.exit("Error: the server does not describe grpc.health.v1.Health")
    except grpc.RpcError as error:
        if error.code() != grpc.StatusCode.DEADLINE_EXCEEDED or seconds is None:
            fail("Watch", error)
        print(f"{service}: still watched after {seconds:g} s")
