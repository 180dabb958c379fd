// Handlers for all entities of the catalogue: list, create, read, update, delete, toggle. They exist for
// Platform, Feature, Segment, Package and Client (catalogue.cpp). Their services hold the differences. Thread
// rule: each runs on the shard of its call.
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
/// `?force=true` also drops sub-features that packages chose.
template <typename T>
void update_one(const CallPtr& call);
/// `?force=true` also deletes an entity that others use.
template <typename T>
void delete_one(const CallPtr& call);
/// The entities that name this one: those whose use prevents a deletion.
template <typename T>
void list_dependents(const CallPtr& call);
/// Sets the switch to the value in the body; without a body, to the opposite. Segments have no switch.
template <typename T>
void toggle_one(const CallPtr& call);

}  // namespace togglecast::http_api
