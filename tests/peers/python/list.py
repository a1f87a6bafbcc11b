"""Lists the services of a server by reflection, v1alpha: python3 tests/peers/python/list.py HOST:PORT"""

import sys

from workbook import grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

with grpc.insecure_channel(sys.argv[1]) as channel:
    for service in ProtoReflectionDescriptorDatabase(channel).get_services():
        print(service)
