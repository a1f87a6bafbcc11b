"""Exercise 10: the service to port. It is a `Demo` whose methods do other things.

To start it in Python: python3 tests/peers/python/server.py exercise
"""

import grpc


def make(pb2, services):
    """The service, made of two modules that are generated from demo.proto."""

    class Demo(services.DemoServicer):
        def Calculate(self, request, context):
            """How far apart two numbers are, whatever the operation."""
            distance = abs(request.num1 - request.num2)
            if distance > 2**31 - 1:
                context.set_code(grpc.StatusCode.OUT_OF_RANGE)
                context.set_details(f"too far: {distance}")
                return pb2.Result()
            return pb2.Result(val=distance)

        def GetSubjects(self, request, context):
            """The letters of a name, one by one, as far as the first space."""
            for letter in request.name:
                if letter == " ":
                    context.abort(grpc.StatusCode.INVALID_ARGUMENT, "a name has no spaces")
                yield pb2.Subject(name=letter)

        def Accumulate(self, request_iterator, context):
            """The largest number. A 0 ends it; what comes after is not waited for."""
            largest = None
            for request in request_iterator:
                if request.val == 0:
                    break
                if largest is None or request.val > largest:
                    largest = request.val
            if largest is None:
                context.abort(grpc.StatusCode.FAILED_PRECONDITION, "no number")
            return pb2.Sum(val=largest)

        def GuessNumber(self, request_iterator, context):
            """How often a number has come so far, in this call."""
            times = {}
            for request in request_iterator:
                times[request.val] = times.get(request.val, 0) + 1
                yield pb2.Answer(val=request.val, desc=f"{times[request.val]} times")

    return Demo()
