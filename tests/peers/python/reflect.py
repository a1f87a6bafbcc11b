"""Asks for the files that define some names, in one call of reflection:
python3 tests/peers/python/reflect.py HOST:PORT [--version v1alpha] NAME...
"""

import argparse

from workbook import connect, fail, grpc
from google.protobuf.descriptor_pb2 import FileDescriptorProto
# The messages of both versions have the same bytes.
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse

parser = argparse.ArgumentParser()
parser.add_argument("server", metavar="HOST:PORT")
parser.add_argument("--version", choices=["v1", "v1alpha"], default="v1")
parser.add_argument("names", metavar="NAME", nargs="+")
arguments = parser.parse_args()

with connect(arguments.server) as channel:
    reflect = channel.stream_stream(
        f"/grpc.reflection.{arguments.version}.ServerReflection/ServerReflectionInfo",
        request_serializer=ServerReflectionRequest.SerializeToString,
        response_deserializer=ServerReflectionResponse.FromString,
    )
    requests = [ServerReflectionRequest(file_containing_symbol=name) for name in arguments.names]
    try:
        for response in reflect(iter(requests)):
            name = response.original_request.file_containing_symbol
            if response.HasField("error_response"):
                print(f"{name}: error {response.error_response.error_code}: {response.error_response.error_message}")
            else:
                files = response.file_descriptor_response.file_descriptor_proto
                print(f"{name}: {', '.join(FileDescriptorProto.FromString(file).name for file in files)}")
    except grpc.RpcError as error:
        fail("ServerReflectionInfo", error)
