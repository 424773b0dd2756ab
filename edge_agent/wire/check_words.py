"""What each check on site is called, in Chinese and English: on the device's sheet and on the hub's page."""

from typing import Final

CHECKS: Final = {
    "picture": ("画面", "Picture"),
    "focus": ("清晰度", "Focus"),
    "exposure": ("曝光", "Exposure"),
    "noise": ("噪点", "Noise"),
    "glare": ("逆光和反光", "Glare"),
    "light": ("光线", "Light"),
    "face_size": ("人脸大小（按距离算）", "Face size, expected"),
    "plate_size": ("车牌大小（按距离算）", "Plate size, expected"),
    "face_seen": ("人脸大小（实测）", "Face size, measured"),
    "plate_seen": ("车牌大小（实测）", "Plate size, measured"),
    "passage": ("走一遍", "Test passage"),
    "models": ("识别模型", "Models"),
    "runtime": ("推理程序", "Runtime"),
    "gallery": ("名单", "Gallery"),
    "clock": ("时钟", "Clock"),
    "disk": ("存储", "Storage"),
    "broker": ("消息服务器和守望中心", "Broker and hub"),
    "relay": ("开门继电器", "Relay"),
    "speaker": ("喇叭", "Speaker"),
    "temperature": ("温度", "Temperature"),
    "power": ("供电", "Power"),
}
"""By the word that stands in a finding."""


def called(check: str) -> tuple[str, str]:
    """Chinese and English; of a check that a newer agent has, the word itself."""
    return CHECKS.get(check, (check, check))
