// Who holds the connections of a client. The rest of Nodes is in nodes.cpp.
#include <utility>

#include "domain/schema/fields.hpp"
#include "nodes/nodes.hpp"

namespace togglecast::nodes {

void Nodes::describe_client(const std::string& environment, domain::Id client,
                            std::function<void(json::object found)> done) const {
  const std::size_t count = local_.connections_of ? local_.connections_of(environment, client) : 0;
  if (!local_.heartbeats_of || count == 0)
    return done({{"connections", count}, {"heartbeats", json::array{}}});
  local_.heartbeats_of(environment, client, [count, done = std::move(done)](json::array beats) {
    done({{"connections", count}, {"heartbeats", std::move(beats)}});
  });
}

void Nodes::find_connections(const std::string& environment, domain::Id client, Found done) const {
  describe_client(environment, client,
                  [this, environment, client, done = std::move(done)](const json::object& own) {
                    find_connections(environment, client, own, done);
                  });
}

void Nodes::find_connections(const std::string& environment, domain::Id client, const json::object& here,
                             Found done) const {
  const auto own = static_cast<std::size_t>(domain::integer_in(here.at("connections")).value_or(0));
  json::array nodes{json::object{{"id", bus_.node()},
                                 {"name", own_name()},
                                 {"connections", own},
                                 {"heartbeats", here.at("heartbeats")}}};
  ask_others(
      "client", {{"environment", environment}, {"client", client}},
      [this, client, own, nodes = std::move(nodes),
       done = std::move(done)](const Courier::Answers& answers) mutable {
        std::size_t sum = own;
        for (const auto& [node, body] : answers.from) {
          const auto* given = body.if_contains("connections");
          const auto count = given == nullptr ? std::nullopt : domain::integer_in(*given);
          const std::size_t there = count && *count > 0 ? static_cast<std::size_t>(*count) : 0;
          sum += there;
          const auto* beats = body.if_contains("heartbeats");  // absent from an older node
          nodes.push_back(
              {{"id", node},
               {"name", name_of(node)},
               {"connections", there},
               {"heartbeats", beats != nullptr && beats->is_array() ? *beats : json::value(json::array{})}});
        }
        json::array missing;
        for (const std::string& name : answers.missing) missing.emplace_back(name);
        done({{"client_id", client},
              {"connections", sum},
              {"nodes", std::move(nodes)},
              {"missing", std::move(missing)}});
      });
}

}  // namespace togglecast::nodes
