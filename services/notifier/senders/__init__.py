"""The channels: each hands one letter to one provider and says what became of it."""

from services.notifier.senders.dingtalk import DingtalkApp, DingtalkRobot
from services.notifier.senders.letter import Absent, Letter, ProviderReply, Sandbox, Sender
from services.notifier.senders.mail import MailSender
from services.notifier.senders.robots import Robots
from services.notifier.senders.webhook import WebhookSender
from services.notifier.senders.wecom import WecomApp, WecomRobot

__all__ = [
    "Absent",
    "DingtalkApp",
    "DingtalkRobot",
    "Letter",
    "MailSender",
    "ProviderReply",
    "Robots",
    "Sandbox",
    "Sender",
    "WebhookSender",
    "WecomApp",
    "WecomRobot",
]
