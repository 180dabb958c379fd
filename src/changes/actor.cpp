#include "changes/actor.hpp"

namespace togglecast::changes {

std::string_view to_string(Source source) noexcept {
  switch (source) {
    case Source::rest:
      return "rest";
    case Source::socket:
      return "socket";
    case Source::command_line:
      return "command_line";
    case Source::timer:
      return "timer";
    case Source::start:
      return "start";
  }
  return "";
}

json::object server_actor(Source source) {
  json::object actor;
  actor["id"] = nullptr;
  actor["kind"] = "system";
  actor["name"] = kServerName;
  actor["source"] = to_string(source);
  return actor;
}

bool wants_confirmation(std::string_view actor_text) {
  if (actor_text.find(R"("confirm":true)") == std::string_view::npos) return false;  // of almost all changes
  const auto actor = json::parse(actor_text);
  const json::value* confirm = actor ? json::find(*actor, "confirm") : nullptr;
  return confirm != nullptr && confirm->is_bool() && confirm->get_bool();
}

}  // namespace togglecast::changes
