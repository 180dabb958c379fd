#include "net/send_chain.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

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

// What arrives at the other end of a pair of sockets.
std::string sent(const std::vector<std::string>& blocks, bool joined_before) {
  SendChains chains;
  const SendChains::Link* tail = nullptr;
  for (const std::string& block : blocks) tail = chains.append(tail, SharedBytes(block));
  if (joined_before) (void)SendChains::join(*tail);
  int ends[2] = {-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const ssize_t count = SendChains::send(ends[0], *tail);
  EXPECT_EQ(count, static_cast<ssize_t>(tail->total));
  EXPECT_EQ(static_cast<bool>(tail->joined),
            blocks.size() > 1 && (joined_before || tail->total < 4'096 || blocks.size() > 8))
      << "what is large is not copied";
  ::close(ends[0]);
  std::string arrived(tail->total + 1, '\0');
  std::size_t size = 0;
  while (const ssize_t more = ::read(ends[1], arrived.data() + size, arrived.size() - size)) {
    if (more < 0) break;
    size += static_cast<std::size_t>(more);
  }
  ::close(ends[1]);
  arrived.resize(size);
  return arrived;
}

TEST(SendChains, AreSentInOrderWhateverTheirSizes) {
  for (const std::size_t size : {1U, 100U, 3'000U, 20'000U}) {
    for (std::size_t number = 1; number <= 12; ++number) {
      std::vector<std::string> blocks;
      std::string all;
      for (std::size_t i = 0; i < number; ++i) {
        blocks.emplace_back(i % 2 == 0 ? size : 5, static_cast<char>('a' + i));
        all += blocks.back();
      }
      EXPECT_EQ(sent(blocks, false), all) << number << " blocks of " << size;
      EXPECT_EQ(sent(blocks, true), all) << number << " blocks of " << size;
    }
  }
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
