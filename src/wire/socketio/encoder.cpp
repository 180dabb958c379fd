#include "wire/socketio/packet.hpp"
#include "wire/socketio/placeholder.hpp"

namespace togglecast::wire::socketio {
namespace {

void append_type(std::string& out, PacketType type) {
  out += static_cast<char>('0' + static_cast<int>(type));
}

void append_namespace(std::string& out, std::string_view nsp) {
  if (nsp == "/") return;
  out += nsp;
  out += ',';
}

void append_head(std::string& out, std::string_view nsp, std::optional<std::uint64_t> ack_id) {
  append_namespace(out, nsp);
  if (ack_id) out += std::to_string(*ack_id);
  out += '[';
}

void append_rest(std::string& out, std::string_view nsp, std::optional<std::uint64_t> ack_id,
                 const json::array& values) {
  append_head(out, nsp, ack_id);
  bool first = true;
  for (const auto& value : values) {
    if (!first) out += ',';
    first = false;
    json::append(out, value);
  }
  out += ']';
}

// Enough for most packets to be written without moving.
std::size_t likely_size(std::string_view nsp, const json::array& values) {
  std::size_t size = 32 + nsp.size();
  for (const auto& value : values) size += value.is_string() ? value.get_string().size() + 3 : 24;
  return size;
}

// `plain` is the packet's type without attachments, `binary` the one with them.
Encoded encode_args(PacketType plain, PacketType binary, std::string_view nsp,
                    std::optional<std::uint64_t> ack_id, const Arguments& args) {
  Encoded encoded;
  encoded.text.reserve(likely_size(nsp, args.values));
  if (args.attachments.empty()) {
    append_type(encoded.text, plain);
    append_rest(encoded.text, nsp, ack_id, args.values);
    return encoded;
  }
  json::array values = args.values;
  const auto number = [&](json::value& found) {
    if (const auto index = placeholder_index(found.get_object(), args.attachments.size())) {
      found = make_placeholder(encoded.attachments.size());
      encoded.attachments.push_back(args.attachments[*index]);
    } else {
      found = nullptr;
    }
    return true;
  };
  for (auto& value : values) visit_placeholders(value, number);
  if (encoded.attachments.empty()) {
    append_type(encoded.text, plain);
  } else {
    append_type(encoded.text, binary);
    encoded.text += std::to_string(encoded.attachments.size()) + '-';
  }
  append_rest(encoded.text, nsp, ack_id, values);
  return encoded;
}

}  // namespace

std::size_t attachments_of(const Arguments& args) noexcept {
  if (args.attachments.empty()) return 0;
  std::size_t found = 0;
  for (const json::value& value : args.values) {
    visit_placeholders(value, [&](const json::value& one) {
      if (placeholder_index(one.get_object(), args.attachments.size())) ++found;
      return true;
    });
  }
  return found;
}

Encoded encode_event(std::string_view nsp, std::optional<std::uint64_t> ack_id, const Arguments& args) {
  return encode_args(PacketType::event, PacketType::binary_event, nsp, ack_id, args);
}

Encoded encode_ack(std::string_view nsp, std::uint64_t ack_id, const Arguments& args) {
  return encode_args(PacketType::ack, PacketType::binary_ack, nsp, ack_id, args);
}

std::string begin_ack(std::string_view nsp, std::uint64_t ack_id) {
  std::string out;
  append_type(out, PacketType::ack);
  append_head(out, nsp, ack_id);
  return out;
}

std::string begin_event(std::string_view nsp) {
  std::string out;
  append_type(out, PacketType::event);
  append_head(out, nsp, std::nullopt);
  return out;
}

std::string encode_connect(std::string_view nsp, std::string_view sid, std::string_view pid) {
  std::string out;
  append_type(out, PacketType::connect);
  append_namespace(out, nsp);
  out += "{\"sid\":";
  json::append_string(out, sid);
  if (!pid.empty()) {
    out += ",\"pid\":";
    json::append_string(out, pid);
  }
  return out += '}';
}

std::string encode_connect_error(std::string_view nsp, std::string_view message,
                                 const boost::json::value& data) {
  std::string out;
  append_type(out, PacketType::connect_error);
  append_namespace(out, nsp);
  out += "{\"message\":";
  json::append_string(out, message);
  if (!data.is_null()) {
    out += ",\"data\":";
    json::append(out, data);
  }
  return out += '}';
}

std::string encode_disconnect(std::string_view nsp) {
  std::string out;
  append_type(out, PacketType::disconnect);
  append_namespace(out, nsp);
  return out;
}

}  // namespace togglecast::wire::socketio
