"""A private RabbitMQ node and a private MongoDB member, each wholly inside one folder.

They are the default on one machine, for trials and for tests; production brings its own servers.
"""

from hotline.embedded.mongod import MongoNode
from hotline.embedded.rabbitmq import RabbitNode, RabbitPorts

__all__ = ["MongoNode", "RabbitNode", "RabbitPorts"]
