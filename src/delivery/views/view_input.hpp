// What a client's answers depend on besides the state: the values that the rules of its features read.
// Thread rule: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "domain/evaluation/jsonlogic/program.hpp"
#include "domain/state/impact.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::delivery {

/// Whether the path leads to the client's attributes, or to the client as a whole.
[[nodiscard]] bool reads_client(std::string_view path) noexcept;

/// Adds what the rules of a feature read, those of its sub-features and of what it requires. `seen`: features
/// that have been added.
void add_reads(domain::evaluation::Reads& reads, const domain::Snapshot& state, domain::Id feature,
               std::vector<domain::Id>& seen);

// Keys of values: equal sequences of additions are equal only when all values are.
void append_text(std::string& key, std::string_view text);
/// The value at a path, or that there is none.
void append_value(std::string& key, const json::object* object, std::string_view path);
/// The value at a path that does not lead to the client. The targeting key of a context without one is
/// `client_key`.
void append_context_value(std::string& key, const json::object* context, std::string_view path,
                          std::string_view client_key);

// The clients that a step from one state to another concerns besides those in its impact, unless it touches a
// platform: then it concerns all.
/// Those on these packages.
[[nodiscard]] std::vector<domain::Id> concerned_packages(const domain::Snapshot& from,
                                                         const domain::Snapshot& to,
                                                         const domain::Impact& impact);
/// Those with overrides of a feature in the impact.
[[nodiscard]] std::vector<domain::Id> overriding_clients(const domain::Snapshot& to,
                                                         const domain::Impact& impact);

}  // namespace togglecast::delivery
