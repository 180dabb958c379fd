#include "socketio/broadcast.hpp"

#include "socketio/namespace.hpp"

namespace togglecast::socketio {

Broadcast Broadcast::to(std::string room) const {
  Broadcast copy = *this;
  copy.options_.rooms.push_back(std::move(room));
  return copy;
}

Broadcast Broadcast::to(const std::vector<std::string>& rooms) const {
  Broadcast copy = *this;
  copy.options_.rooms.insert(copy.options_.rooms.end(), rooms.begin(), rooms.end());
  return copy;
}

Broadcast Broadcast::except(std::string room) const {
  Broadcast copy = *this;
  copy.options_.except.push_back(std::move(room));
  return copy;
}

Broadcast Broadcast::local() const {
  Broadcast copy = *this;
  copy.options_.local = true;
  return copy;
}

Broadcast Broadcast::volatile_() const {
  Broadcast copy = *this;
  copy.options_.is_volatile = true;
  return copy;
}

Broadcast Broadcast::timeout(Milliseconds timeout) const {
  Broadcast copy = *this;
  copy.options_.timeout = timeout;
  return copy;
}

void Broadcast::emit_arguments(std::string_view event, Arguments args) const {
  nsp_->adapter_for(options_).broadcast(with_name(event, std::move(args)), options_);
}

void Broadcast::emit_arguments_with_ack(std::function<void(Answers)> done, std::string_view event,
                                        Arguments args) const {
  BroadcastOptions options = options_;
  if (!options.timeout) options.timeout = nsp_->options_.ack_timeout;
  nsp_->adapter_for(options).broadcast_with_ack(with_name(event, std::move(args)), options, std::move(done));
}

void Broadcast::sockets_join(std::vector<std::string> rooms) const {
  nsp_->adapter_for(options_).join(options_, std::move(rooms));
}

void Broadcast::sockets_leave(std::vector<std::string> rooms) const {
  nsp_->adapter_for(options_).leave(options_, std::move(rooms));
}

void Broadcast::disconnect_sockets(bool close) const {
  nsp_->adapter_for(options_).disconnect(options_, close);
}

void Broadcast::fetch_sockets(std::function<void(Result<std::vector<RemoteSocket>>)> done) const {
  nsp_->adapter_for(options_).fetch(options_, std::move(done));
}

}  // namespace togglecast::socketio
