"""``foretell channel`` and what of ``foretell messages`` concerns messages that were given up."""

from __future__ import annotations

from pathlib import Path

from foretell.testing import twilio
from tests.support.commands import Foretell
from tests.support.small_workspace import write

CHANNEL = f"""\
kind: channel
key: sms
spec:
  uses: twilio
  settings: {{{{base_url: {{url}}, allow_private: true, account_sid: {twilio.ACCOUNT}, auth_token_secret: twilio,
    from_number: "{twilio.FROM}"}}}}
"""
SETTINGS = 'name: Shop\nsecrets: {twilio: "${TWILIO}"}\nsending: {base_url: "https://mail.shop.example"}\n'


def test_a_channel_is_listed_checked_and_tried(tmp_path: Path, foretell_command: Path) -> None:
    foretell = Foretell(foretell_command, tmp_path)
    with twilio.twilio() as fake:
        write(tmp_path, {"foretell.yaml": SETTINGS, "channels/sms.yaml": CHANNEL.format(url=fake.server.url)})
        env = {"TWILIO": twilio.TOKEN}
        foretell("apply", env=env)
        cards = {card["key"]: card for card in foretell.json("channel", "list", env=env)}
        assert {key: card["state"] for key, card in cards.items()} == {
            "sms": "ready", "ads": "development", "alert": "development", "email": "development", "push": "development",
        }  # fmt: skip
        assert cards["sms"]["hook_url"] == "https://mail.shop.example/hooks/channels/sms"
        assert "Twilio knows the account" in foretell("channel", "check", "sms", env=env).stdout
        sent = foretell("channel", "test", "sms", "--to", "+4917012345678", env=env)
        assert sent.stdout == "Handed over to +4917012345678.\n"
        assert "This is a test of the channel sms" in fake.texts[0].body
        refused = foretell("channel", "test", "sms", "--to", twilio.NOBODY, env=env, status=1)
        assert "21211" in refused.stderr
        assert "there is no channel" in foretell("channel", "test", "post", "--to", "x", env=env, status=2).stderr
        wrong = foretell("channel", "check", "sms", env={"TWILIO": "another"}, status=1)
        assert "Authenticate" in wrong.stderr


def test_without_dead_letters_there_is_nothing_to_do(tmp_path: Path, foretell_command: Path) -> None:
    foretell = Foretell(foretell_command, tmp_path)
    write(tmp_path, {"foretell.yaml": "name: Shop\n"})
    foretell("apply")
    assert foretell.json("messages", "dead") == {"total": 0, "rows": []}
    assert foretell.json("messages", "replay", "--channel", "sms") == {
        "queued": 0, "deferred": 0, "refused": {}, "alive": 0,
    }  # fmt: skip
    assert "there is no message 'm_nobody'" in foretell("messages", "replay", "m_nobody", status=2).stderr
