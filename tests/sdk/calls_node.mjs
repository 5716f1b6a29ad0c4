// All six calls with @segment/analytics-node.
import { Analytics } from '@segment/analytics-node'

const analytics = new Analytics({ writeKey: process.env.WRITE_KEY, host: process.env.ADDRESS })
analytics.on('error', (error) => console.log('dropped', error.code))
const userId = 'u1'
analytics.identify({ userId, anonymousId: 'a1', traits: { email: 'Ada@Shop.example', plan: 'gold' } })
analytics.track({
  userId,
  event: 'Order Completed',
  properties: { order_id: 'o1', revenue: 49.9 },
  timestamp: new Date('2025-03-01T10:00:00Z'),
})
analytics.page({ userId, category: 'Shop', name: 'Home', properties: { url: 'https://shop.example/' } })
analytics.screen({ userId, category: 'Shop', name: 'Start', properties: { tab: 'first' } })
analytics.group({ userId, groupId: 'g1', traits: { name: 'Initech' } })
analytics.alias({ userId, previousId: 'a0' })
await analytics.closeAndFlush({ timeout: 20_000 })
