// Handlers that all entities of the catalogue share: list, create, read, update, delete, switch. What differs
// stands with their services. Thread rule: each runs on the shard of its call. Made for Platform, Feature,
// Segment, Package and Client (catalogue.cpp).
#pragma once

#include <memory>

#include "domain/state/snapshot.hpp"

namespace togglecast::http_api {

class Call;
using CallPtr = std::shared_ptr<Call>;

template <typename T>
void list_of(const CallPtr& call);
template <typename T>
void create_one(const CallPtr& call);
template <typename T>
void read_one(const CallPtr& call);
/// `?force=true` drops also sub-features that packages chose.
template <typename T>
void update_one(const CallPtr& call);
/// `?force=true` deletes also what others use.
template <typename T>
void delete_one(const CallPtr& call);
/// To the side that the body names, else to the other one. Not for segments.
template <typename T>
void toggle_one(const CallPtr& call);

}  // namespace togglecast::http_api
