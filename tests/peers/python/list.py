"""Lists the services of a server by reflection, v1alpha: python3 tests/peers/python/list.py HOST:PORT"""

import sys

from workbook import connect, fail, grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

with connect(sys.argv[1]) as channel:
    try:
        services = ProtoReflectionDescriptorDatabase(channel).get_services()
    except grpc.RpcError as error:
        fail("ServerReflectionInfo", error)

if not services:
    sys.exit("Error: the server lists no service, not even reflection")
for service in services:
    print(service)
