"""The channels: each hands one letter to one provider and says what became of it."""

from services.notifier.senders.letter import Letter, ProviderReply, Sandbox, Sender
from services.notifier.senders.mail import MailSender
from services.notifier.senders.webhook import WebhookSender

__all__ = ["Letter", "MailSender", "ProviderReply", "Sandbox", "Sender", "WebhookSender"]
