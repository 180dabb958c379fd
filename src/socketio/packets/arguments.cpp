#include "socketio/packets/arguments.hpp"

#include <stdexcept>

namespace togglecast::socketio {

void append_argument(Arguments& args, Binary binary) {
  args.values.push_back({{"_placeholder", true}, {"num", args.attachments.size()}});
  args.attachments.push_back(std::move(binary.bytes));
}

void check_attachments(const Arguments& args) {
  constexpr std::size_t kMost = wire::socketio::kMostAttachments;
  if (args.attachments.empty()) return;
  const std::size_t count = wire::socketio::attachments_of(args);
  if (count <= kMost) return;
  throw std::length_error("an event or acknowledgement has " + std::to_string(count) +
                          " attachments, and stock clients take at most " + std::to_string(kMost) +
                          "; join them, or send several events");
}

Arguments with_name(std::string_view name, Arguments args) {
  check_attachments(args);
  args.values.insert(args.values.begin(), json::value(name));
  return args;
}

const SharedBytes* binary(const Arguments& args, const json::value& value) noexcept {
  const auto* marker = json::find(value, "_placeholder");
  const auto* number = json::find(value, "num");
  if (marker == nullptr || number == nullptr || !marker->is_bool() || !marker->get_bool()) return nullptr;
  boost::system::error_code error;
  const auto index = number->to_number<std::size_t>(error);
  return !error && index < args.attachments.size() ? &args.attachments[index] : nullptr;
}

}  // namespace togglecast::socketio
