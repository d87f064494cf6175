"""Where model folders of earlier releases look for the characters' encoder; it is in workers.encoders now."""

from workers.encoders.characters_module import CharacterModule

__all__ = ["CharacterModule"]
