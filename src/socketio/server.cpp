#include "socketio/server.hpp"

#include <exception>

#include "socketio/connection.hpp"

namespace togglecast::socketio {
namespace {

std::string with_slash(std::string_view name) {
  std::string full(name);
  if (full.empty() || full.front() != '/') full.insert(full.begin(), '/');
  return full;
}

}  // namespace

std::string_view to_string(Limit limit) noexcept {
  switch (limit) {
    case Limit::connect_timeout:
      return "connect_timeout";
    case Limit::namespaces_per_connection:
      return "namespaces_per_connection";
    case Limit::attachments_per_packet:
      return "attachments_per_packet";
    case Limit::json_depth:
      return "json_depth";
    case Limit::pending_acks:
      return "pending_acks";
    case Limit::packet_rate:
      return "packet_rate";
  }
  return "connect_timeout";
}

Server::Server(net::ShardPool& shards, Options options)
    : pool_(shards),
      options_(std::move(options)),
      engine_(shards, options_.engine, [this](engineio::Session& session, engineio::HandshakePtr handshake) {
        return std::make_unique<Connection>(*this, session, std::move(handshake));
      }) {}

Server::~Server() = default;

Namespace& Server::of(std::string_view name) {
  const std::string full = with_slash(name);
  auto& entry = named_[full];
  if (entry == nullptr) {
    entry = std::make_shared<Namespace>(full, pool_, options_, std::make_shared<Handlers>());
    entry->open();
  }
  return *entry;
}

HandlerRegistry& Server::of_pattern(const std::string& regex) {
  return of_matching(
      [expression = std::regex(regex, std::regex::ECMAScript | std::regex::optimize)](std::string_view name) {
        return std::regex_search(name.begin(), name.end(), expression);
      });
}

HandlerRegistry& Server::of_matching(std::function<bool(std::string_view)> matches) {
  patterns_.push_back(std::make_unique<Pattern>(Pattern{std::move(matches), {}}));
  return patterns_.back()->registry;
}

Server& Server::use(Middleware middleware) {
  of("/").use(std::move(middleware));
  return *this;
}

Server& Server::on_connection(ConnectionHandler handler) {
  of("/").on_connection(std::move(handler));
  return *this;
}

void Server::mount(web::Router& router, std::string path) { engine_.mount(router, std::move(path)); }

std::shared_ptr<Namespace> Server::find(const std::string& name) {
  if (const auto found = named_.find(name); found != named_.end()) return found->second;
  for (const auto& pattern : patterns_) {
    if (!matches(*pattern, name)) continue;
    const std::lock_guard lock(dynamic_->mutex);
    auto& entry = dynamic_->entries[name];
    if (auto existing = entry.lock()) return existing;
    // The last socket to leave takes the namespace and its entry along.
    std::shared_ptr<Namespace> made(new Namespace(name, pool_, options_, pattern->registry.handlers()),
                                    [registry = dynamic_](Namespace* gone) {
                                      registry->forget(gone->name());
                                      delete gone;
                                    });
    entry = made;
    made->open();
    return made;
  }
  return nullptr;
}

bool Server::matches(const Pattern& pattern, const std::string& name) const {
  if (name.size() > kMaxDynamicName) return false;
  try {
    return pattern.matches(name);
  } catch (const std::exception& error) {  // an expression that is too much work for this name
    options_.log.error("namespace pattern failed", {{"nsp", name}, {"error", error.what()}});
    return false;
  }
}

std::vector<std::shared_ptr<Namespace>> Server::Dynamic::all() {
  const std::lock_guard lock(mutex);
  std::vector<std::shared_ptr<Namespace>> living;
  for (const auto& entry : entries) {
    if (auto nsp = entry.second.lock()) living.push_back(std::move(nsp));
  }
  return living;
}

void Server::Dynamic::forget(const std::string& name) {
  const std::lock_guard lock(mutex);
  const auto found = entries.find(name);
  if (found != entries.end() && found->second.expired()) entries.erase(found);
}

void Server::count(Limit passed) {
  limits_passed_[static_cast<std::size_t>(passed)].fetch_add(1, std::memory_order_relaxed);
  const auto& tell = engine_.options().on_limit_passed;
  if (tell) tell(to_string(passed));
}

std::size_t Server::dynamic_count() const {
  const std::lock_guard lock(dynamic_->mutex);
  return dynamic_->entries.size();
}

void Server::close(wire::websocket::CloseCode code) {
  drain();
  engine_.for_each_session([](engineio::Session&, engineio::SessionHandler& handler) {
    static_cast<Connection&>(handler).shut_down();
  });
  engine_.close_all(code);
  pool_.run_on_all([](net::Shard&) {});  // what disconnect handlers sent to other shards has arrived
  for (const auto& [name, nsp] : named_) nsp->close();
  for (const auto& nsp : dynamic_->all()) nsp->close();
}

}  // namespace togglecast::socketio
