"""Rules of addresses that compile what builds an address when the first one is built."""

from collections.abc import Callable

from werkzeug.routing import Rule


class LazyRule(Rule):
    """A rule as Werkzeug's, but for when it is ready to build: to compile all rules at once was most of a start."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compile_builder = super()._compile_builder

        def build(rule: "LazyRule", **values: str) -> tuple[str, str]:
            built = compile_builder(append_unknown).__get__(rule)
            if append_unknown:
                rule._build_unknown = built
            else:
                rule._build = built
            return built(**values)  # type: ignore[no-any-return]

        return build
