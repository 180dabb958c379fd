#include "net/send_chain.hpp"

#include <gtest/gtest.h>

namespace togglecast::net {
namespace {

TEST(SendChains, StreamsWithTheSameBlocksShareOneJoinedBlock) {
  SendChains chains;
  const SharedBytes hello("hello, "), world("world");

  const auto* mine = chains.append(chains.append(nullptr, hello), world);
  const auto* yours = chains.append(chains.append(nullptr, hello), world);

  ASSERT_EQ(mine, yours);
  const SharedBytes joined = SendChains::join(*mine);
  EXPECT_EQ(joined.view(), "hello, world");
  EXPECT_TRUE(joined.same_as(SendChains::join(*yours)));
}

TEST(SendChains, OneBlockIsSentAsItIs) {
  SendChains chains;
  const SharedBytes block("alone");

  EXPECT_TRUE(SendChains::join(*chains.append(nullptr, block)).same_as(block));
}

TEST(SendChains, EqualBytesInDifferentBlocksStayApart) {
  SendChains chains;

  EXPECT_NE(chains.append(nullptr, SharedBytes("same")), chains.append(nullptr, SharedBytes("same")));
}

TEST(SendChains, ChainsThatPartAfterACommonBeginningKeepTheirOwnBytes) {
  SendChains chains;
  const SharedBytes common("to all|"), mine("to me|"), last("bye");

  const auto* first = chains.append(chains.append(nullptr, common), mine);
  const auto* second = chains.append(nullptr, common);
  first = chains.append(first, last);
  second = chains.append(second, last);

  EXPECT_EQ(SendChains::join(*first).view(), "to all|to me|bye");
  EXPECT_EQ(SendChains::join(*second).view(), "to all|bye");
}

TEST(SendChains, NothingIsSharedAcrossTurns) {
  SendChains chains;
  const SharedBytes block("x"), next("y");
  (void)chains.append(chains.append(nullptr, block), next);

  chains.clear();

  EXPECT_EQ(SendChains::join(*chains.append(nullptr, block)).view(), "x");
}

}  // namespace
}  // namespace togglecast::net
